// Every visible word in French. Adults are addressed with « vous »; `say(vous, tu)` gives students « tu » where the
// class says so. A key added here must be added in en.ts too, or nothing compiles.

/** Two ways to address somebody: `familiar` is the class's setting. */
const say = (vous: string, tu: string) => (familiar: boolean) => (familiar ? tu : vous);

const some = (n: number, one: string, many: string) => `${n} ${n < 2 ? one : many}`;

export const fr = {
  // ── Shared by every page ──────────────────────────────────────────────────────────────────────────────────────
  common: {
    skip: 'Aller au contenu',
    close: 'Fermer',
    cancel: 'Annuler',
    save: 'Enregistrer',
    loading: 'Un instant…',
    reload: 'Recharger la page',
    again: 'Réessayer',
    partMissing: 'Cette partie de la page n’a pas pu être chargée. Vérifiez la connexion, puis rechargez la page.',
    support: (code: string) => `Pour l’assistance : ${code}`,
  },

  preferences: {
    title: 'Langue et apparence',
    language: 'Langue',
    languages: { fr: 'Français', en: 'English' },
    theme: 'Apparence',
    themes: { system: 'Comme l’appareil', light: 'Clair', dark: 'Sombre' },
  },

  /** Why a request was not answered, by the stable code of the answer. */
  problem: {
    malformed: 'Le serveur n’a pas compris cette demande. Rechargez la page et recommencez.',
    token_in_url: 'Cette adresse contient une clé secrète et n’a pas été acceptée. Demandez un nouveau lien.',
    not_authenticated: 'Ce navigateur n’est plus connecté. Ouvrez à nouveau votre lien personnel.',
    not_allowed: 'Vous n’avez pas accès à cette page.',
    not_found: 'Ceci n’existe plus. Rechargez la page pour voir ce qui a changé.',
    bad_origin: 'Cette demande ne venait pas de cette page et n’a pas été acceptée. Rechargez la page.',
    too_large: 'C’est trop long pour être envoyé en une fois. Essayez en plusieurs parties.',
    too_many: 'Trop de demandes en peu de temps. Attendez une minute, puis recommencez.',
    limit: 'Une valeur dépasse ce qui est permis. Corrigez-la et recommencez.',
    unavailable: 'Le serveur est occupé pour le moment. Réessayez dans une minute.',
    internal: 'Une erreur s’est produite sur le serveur. Rien n’a été changé ; réessayez.',
    offline: 'Le serveur ne répond pas. Vérifiez la connexion, puis réessayez.',
    garbled: 'La réponse du serveur est illisible. Rechargez la page.',
  },

  /** Moments as people say them. */
  time: {
    clock: (hour: number, minute: number) => (minute === 0 ? `${hour} h` : `${hour} h ${String(minute).padStart(2, '0')}`),
    today: (clock: string) => `Aujourd’hui à ${clock}`,
    tomorrow: (clock: string) => `Demain à ${clock}`,
    yesterday: (clock: string) => `Hier à ${clock}`,
    on: (day: string, clock: string) => `${day} à ${clock}`,
    day: (day: string) => day.replace(/ 1 /u, ' 1er '),
    now: 'C’est l’heure',
    inMinutes: (n: number) => `Dans ${some(n, 'minute', 'minutes')}`,
  },

  // ── Plain pages ───────────────────────────────────────────────────────────────────────────────────────────────
  plain: {
    opening: 'Ouverture de votre lien…',
    linkRefused: 'Ce lien n’est pas valable',
    linkRefusedDo: 'Il a peut-être été remplacé. Demandez-en un nouveau à la personne qui vous l’a envoyé.',
    linkTrouble: 'Votre lien n’a pas pu être vérifié',
    invitationNeeded: 'Pour entrer, il faut une invitation',
    invitationNeededDo: 'Ouvrez le lien personnel que votre enseignant ou votre établissement vous a envoyé.',
    classRefused: 'Vous ne pouvez pas entrer ici',
    classRefusedDo: 'Ouvrez le lien personnel que vous avez reçu. S’il ne marche pas, demandez-en un nouveau à votre enseignant.',
    unknown: 'Il n’y a rien à cette adresse',
    unknownDo: 'Vérifiez l’adresse, ou revenez à l’accueil.',
    toHome: 'Revenir à l’accueil',
    trouble: 'La page n’a pas pu être affichée',
  },

  // ── Home ──────────────────────────────────────────────────────────────────────────────────────────────────────
  home: {
    title: 'Vos classes',
    account: (name: string) => `Compte de ${name}`,
    signOut: 'Se déconnecter de ce navigateur',
    signOutTitle: 'Se déconnecter de ce navigateur ?',
    signOutBody: 'Pour revenir, il vous faudra un nouveau lien de la personne qui administre Préau dans votre établissement.',
    signOutDo: 'Se déconnecter',
    create: 'Nouvelle classe',
    open: 'Ouvrir la classe',
    openNamed: (title: string) => `Ouvrir la classe : ${title}`,
    prepare: 'Préparer',
    prepareNamed: (title: string) => `Préparer la classe : ${title}`,
    students: (n: number) => (n === 0 ? 'Pas encore d’élèves' : some(n, 'élève', 'élèves')),
    running: 'En cours',
    unattended: 'En cours, sans enseignant',
    invitedBy: (name: string) => `Avec ${name}`,
    next: 'À venir',
    past: 'Passées',
    emptyTitle: 'Votre première classe',
    emptySteps: [
      { title: 'Créez une classe', hint: 'Un titre, un jour, une heure.' },
      { title: 'Ajoutez vos élèves', hint: 'Collez la liste, ou déposez un fichier.' },
      { title: 'Donnez à chacun son lien', hint: 'À copier, à imprimer ou à télécharger.' },
    ],
    emptyDo: 'Créer une classe',
    student: {
      title: say('Vos classes', 'Tes classes'),
      enter: 'Entrer',
      enterNamed: (title: string) => `Entrer dans la classe : ${title}`,
      teacher: (name: string) => `Avec ${name}`,
    },
  },

  /** What a teacher says of a class: when it is made, and later. */
  draft: {
    create: 'Nouvelle classe',
    change: 'Modifier la classe',
    classTitle: 'Titre',
    classTitleHint: 'Les élèves le voient sur leur invitation. Par exemple : Maths 5e B.',
    date: 'Jour',
    clock: 'Heure',
    policy: 'Qui entre sans demander ?',
    policies: {
      ask: { title: 'Personne', hint: 'Vous êtes prévenu de chaque arrivée et vous faites entrer.' },
      roster: {
        title: 'Les élèves de la liste',
        hint: 'Dès que vous ouvrez la porte, ils entrent seuls. Les autres attendent votre accord.',
      },
      shut: { title: 'Porte fermée', hint: 'Personne de nouveau n’entre, sauf si vous le faites entrer vous-même.' },
    },
    familiar: 'Tutoyer les élèves',
    familiarHint: 'Les pages des élèves leur disent « tu ».',
    submitCreate: 'Créer la classe',
    faults: {
      noTitle: 'Donnez un titre à la classe.',
      longTitle: (max: number) => `Le titre est trop long : ${max} caractères au plus.`,
      noDate: 'Choisissez un jour.',
      noClock: 'Choisissez une heure.',
    },
    created: 'La classe est créée.',
    saved: 'C’est enregistré.',
  },

  // ── Class set-up ──────────────────────────────────────────────────────────────────────────────────────────────
  setup: {
    back: 'Vos classes',
    change: 'Modifier',
    doors: {
      ask: 'Vous faites entrer chaque personne',
      roster: 'Les élèves de la liste entrent seuls',
      shut: 'Porte fermée',
    },
    familiar: 'Les élèves sont tutoyés',
    more: 'Autres actions',
    remove: 'Supprimer la classe',
    removeTitle: 'Supprimer cette classe ?',
    removeBody: 'La liste et les invitations seront effacées, et les liens ne marcheront plus. C’est définitif.',
    removeDo: 'Supprimer la classe',
    removed: 'La classe est supprimée.',
  },

  roster: {
    title: 'Ajouter des personnes',
    paste: 'Une personne par ligne',
    pasteHint: 'Un nom suffit. Vous pouvez aussi coller un tableau avec des colonnes Nom, Prénom, Groupe et Rôle.',
    example: 'Zoé Martin\nNoé Durand\nYanis Benali',
    file: 'Choisir un fichier',
    drop: 'ou déposez ici un fichier CSV',
    dropNow: 'Déposez le fichier ici',
    fileRead: (name: string) => `Le fichier ${name} est lu. Vérifiez, puis ajoutez.`,
    preview: 'Aperçu',
    previewEmpty: 'Les personnes reconnues apparaissent ici pendant que vous écrivez.',
    recognised: (n: number) => some(n, 'personne reconnue', 'personnes reconnues'),
    doubtful: (n: number) => `${n} à vérifier`,
    bad: (n: number) => some(n, 'ligne à corriger', 'lignes à corriger'),
    badTitle: 'Lignes à corriger',
    badHint: 'Elles restent dans le cadre de saisie après l’ajout.',
    line: (n: number) => `Ligne ${n}`,
    toLine: (n: number) => `Aller à la ligne ${n}`,
    emptyLine: '(vide)',
    include: (name: string) => `Ajouter ${name}`,
    teacher: 'Enseignant',
    doubts: {
      twice: 'Ce nom est déjà là. Cochez pour l’ajouter quand même.',
      looks_alike: 'Ressemble à un autre nom de la liste.',
      cleaned: 'Des caractères invisibles ont été retirés.',
      one_word: 'Un seul mot : est-ce le nom complet ?',
    },
    faults: {
      no_name: 'Il manque le nom.',
      name_too_long: 'Le nom est trop long.',
      group_too_long: 'Le groupe est trop long.',
      unknown_role: 'Ce rôle n’est pas connu : écrivez « élève » ou « enseignant ».',
      too_many_columns: 'Il y a plus de colonnes que dans l’en-tête.',
      bad_quotes: 'Les guillemets ne se referment pas.',
      too_many: 'La liste est pleine.',
    },
    windows1252: 'Fichier lu avec l’encodage Windows. Vérifiez les accents.',
    add: (n: number) => (n === 0 ? 'Ajouter' : `Ajouter ${some(n, 'personne', 'personnes')}`),
    added: (n: number) => (n < 2 ? 'Une personne a été ajoutée.' : `${n} personnes ont été ajoutées.`),
  },

  invitations: {
    title: 'Invitations',
    summary: (students: number, teachers: number) =>
      teachers === 0
        ? some(students, 'élève', 'élèves')
        : `${some(students, 'élève', 'élèves')}, ${some(teachers, 'enseignant', 'enseignants')}`,
    explain: 'Chaque lien est personnel. Il ouvre la classe dans le navigateur de la personne, sans mot de passe.',
    addPeople: 'Ajouter des personnes',
    filter: 'Chercher un nom',
    nobodyFound: 'Aucun nom ne correspond.',
    found: (n: number) => some(n, 'personne trouvée', 'personnes trouvées'),
    name: 'Nom',
    group: 'Groupe',
    state: 'Lien',
    actions: 'Actions',
    states: { fresh: 'Pas encore ouvert', used: 'Déjà ouvert', revoked: 'Désactivé' },
    copy: 'Copier le lien',
    copyOf: (name: string) => `Copier le lien de ${name}`,
    copied: (name: string) => `Le lien de ${name} est copié.`,
    copyAll: 'Tout copier',
    copiedAll: (n: number) => (n < 2 ? 'Un lien est copié.' : `${n} liens sont copiés.`),
    copyFailed: 'Le navigateur n’a pas permis de copier. Téléchargez plutôt le fichier.',
    print: 'Imprimer',
    download: 'Télécharger',
    actionsOf: (name: string) => `Autres actions pour ${name}`,
    renew: 'Faire un nouveau lien',
    renewTitle: (name: string) => `Un nouveau lien pour ${name} ?`,
    renewBody: 'Le lien actuel ne marchera plus. Il faudra donner le nouveau.',
    renewed: (name: string) => `${name} a un nouveau lien.`,
    revoke: 'Désactiver le lien',
    revokeTitle: (name: string) => `Désactiver le lien de ${name} ?`,
    revokeBody: 'Ce lien n’ouvrira plus la classe. Si la personne est en classe, elle en sort. Vous pourrez faire un nouveau lien.',
    revoked: (name: string) => `Le lien de ${name} est désactivé.`,
    remove: 'Retirer de la liste',
    removeTitle: (name: string) => `Retirer ${name} de la liste ?`,
    removeBody: 'La personne n’est plus attendue et son lien ne marche plus.',
    removed: (name: string) => `${name} n’est plus dans la liste.`,
  },

  /** The printed sheet: one card for each person. */
  sheet: {
    title: 'Invitations à imprimer',
    count: (n: number) => some(n, 'fiche', 'fiches'),
    hint: 'Huit fiches par page, à découper.',
    print: 'Imprimer',
    back: 'Revenir à la classe',
    code: (name: string) => `Code QR de ${name}`,
    help: say(
      'Scannez le code, ou recopiez l’adresse dans un navigateur. Ce lien est à vous seul : ne le prêtez pas.',
      'Scanne le code, ou recopie l’adresse dans un navigateur. Ce lien est à toi seul : ne le prête pas.',
    ),
    helpTeacher: 'Scannez le code, ou recopiez l’adresse dans un navigateur. Ce lien est à vous seul : ne le prêtez pas.',
  },

  csv: {
    separator: ';',
    headings: ['Nom', 'Groupe', 'Rôle', 'Lien'],
    roles: { teacher: 'enseignant', student: 'élève' },
    file: (title: string) => `invitations ${title}.csv`,
  },

  // ── Try-out ───────────────────────────────────────────────────────────────────────────────────────────────────

  // ── Lobby ─────────────────────────────────────────────────────────────────────────────────────────────────────

  // ── Class ─────────────────────────────────────────────────────────────────────────────────────────────────────
};
