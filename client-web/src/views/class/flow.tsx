// The way into a class, and the class.

export function ClassFlow({ classId }: { classId: string }) {
  return <p>{classId}</p>;
}
