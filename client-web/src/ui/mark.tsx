// The mark: the arch of a schoolyard's covered court, three posts and one roof.

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" fill="currentColor" aria-hidden="true">
      <path d="M2 12 16 3l14 9v3h-1.5v14h-4v-9.500a4.250 4.250 0 0 0-6.500-3.600v13.100h-4V15.900a4.250 4.250 0 0 0-6.500 3.600V29h-4V15H2z" />
    </svg>
  );
}
