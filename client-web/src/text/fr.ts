// Every visible word in French. Adults are addressed with « vous »; `say(vous, tu)` gives students « tu » where the
// class says so. A key added here must be added in en.ts too, or nothing compiles.

/** Two ways to address somebody: `familiar` is the class's setting. */
const say = (vous: string, tu: string) => (familiar: boolean) => (familiar ? tu : vous);

/** The same words for everyone, where others are addressed. */
const same = (text: string) => (_familiar: boolean) => text;

const number = new Intl.NumberFormat('fr');

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

  /** How long something may take, within a sentence. */
  span: {
    underMinute: 'dans moins d’une minute',
    atLeast: (n: number) => `dans plus de ${some(n, 'minute', 'minutes')}`,
    minutes: {
      within: (n: number) => `dans moins de ${some(n, 'minute', 'minutes')}`,
      about: (n: number) => `dans environ ${some(n, 'minute', 'minutes')}`,
      between: (a: number, b: number) => `dans ${a} à ${b} minutes`,
    },
    hours: {
      within: (n: number) => `dans moins de ${some(n, 'heure', 'heures')}`,
      about: (n: number) => `dans environ ${some(n, 'heure', 'heures')}`,
      between: (a: number, b: number) => `dans ${a} à ${b} heures`,
    },
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
    create: 'Nouvelle classe',
    open: 'Ouvrir la classe',
    openShort: 'Ouvrir',
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
    emptyName: (name: string) => `Vos élèves vous verront sous le nom « ${name} ».`,
    student: {
      title: say('Vos classes', 'Tes classes'),
      enter: 'Entrer',
      enterNamed: (title: string) => `Entrer dans la classe : ${title}`,
      teacher: (name: string) => `Avec ${name}`,
    },
  },

  /** A teacher's account. */
  account: {
    of: (name: string) => `Compte de ${name}`,
    signOut: 'Se déconnecter de ce navigateur',
    signOutTitle: 'Se déconnecter de ce navigateur ?',
    signOutBody: 'Pour revenir, il vous faudra un nouveau lien de la personne qui administre Préau dans votre établissement.',
    signOutDo: 'Se déconnecter',
    browsers: 'Où mon compte est ouvert',
    browsersBody: 'Si vous ne reconnaissez pas un navigateur, ou si vous l’avez perdu, déconnectez-le : il sort aussitôt de votre compte et de vos classes.',
    browserOn: (browser: string, system: string) => (system ? `${browser} sous ${system}` : browser),
    browserOther: 'Un autre navigateur',
    browserHere: 'Ce navigateur',
    browserSeen: 'Dernière visite',
    browserSince: 'Connecté',
    browserOut: 'Déconnecter',
    browserOutOf: (what: string) => `Déconnecter : ${what}`,
    browserOutTitle: (what: string) => `Déconnecter ${what} ?`,
    browserOutBody: 'Pour y ouvrir de nouveau votre compte, il faudra un nouveau lien de la personne qui administre Préau.',
    browserIsOut: (what: string) => `${what} est déconnecté.`,
    othersOut: 'Déconnecter tous les autres',
    othersOutTitle: 'Déconnecter tous les autres navigateurs ?',
    othersAreOut: 'Tous les autres navigateurs sont déconnectés.',
    onlyHere: 'Votre compte n’est ouvert que dans ce navigateur.',
    rename: 'Changer mon nom',
    name: 'Votre nom',
    nameHint: 'C’est ainsi que vos élèves vous voient.',
    nameMissing: 'Écrivez votre nom.',
    renamed: (name: string) => `Vous vous appelez maintenant ${name}.`,
  },

  /** What a teacher says of a class: when it is made, and later. */
  draft: {
    create: 'Nouvelle classe',
    change: 'Modifier la classe',
    classTitle: 'Titre',
    classTitleHint: 'Les élèves le voient sur leur invitation. Par exemple : Maths 5e B.',
    date: 'Jour',
    clock: 'Heure',
    policy: 'La porte',
    policies: {
      ask: { title: 'Demander à chaque fois', hint: 'Vous voyez chaque arrivée, et personne n’entre sans votre accord.' },
      roster: {
        title: 'Laisser entrer les élèves de la liste',
        hint: 'Dès que vous ouvrez la porte, ils entrent seuls. Les autres attendent votre accord.',
      },
      shut: { title: 'Garder fermée', hint: 'Personne n’entre plus, sauf si vous faites entrer quelqu’un vous-même.' },
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
    facts: 'La classe en bref',
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
    badHint: 'Les lignes à corriger resteront dans le cadre de saisie.',
    line: (n: number) => `Ligne ${n}`,
    toLine: (n: number) => `Aller à la ligne ${n}`,
    emptyLine: '(vide)',
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
    renewShort: 'Nouveau lien',
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
  },

  csv: {
    separator: ';',
    headings: ['Nom', 'Groupe', 'Rôle', 'Lien'],
    roles: { teacher: 'enseignant', student: 'élève', observer: 'observateur' },
    file: (title: string) => `invitations ${title}.csv`,
  },

  // ── Try-out ───────────────────────────────────────────────────────────────────────────────────────────────────
  tryout: {
    with: (teacher: string) => `Avec ${teacher}`,
    as: say(
      'Vous entrez sous le nom de',
      'Tu entres sous le nom de',
    ),
    intro: say(
      'Essayez la caméra et le micro si vous voulez. On peut aussi entrer sans.',
      'Essaie la caméra et le micro si tu veux. On peut aussi entrer sans.',
    ),
    enter: 'Entrer',
    offAfter: say(
      'Rien n’est transmis ici. En classe, caméra et micro seront éteints : vous les allumerez vous-même.',
      'Rien n’est transmis ici. En classe, caméra et micro seront éteints : tu les allumeras toi-même.',
    ),
    keptAfter: 'Rien n’est transmis ici. Ce que vous laissez allumé le sera aussi dans la classe.',
    devices: 'Caméra, micro et son',
    camera: 'Caméra',
    microphone: 'Micro',
    speaker: 'Haut-parleur',
    cameraOff: 'Caméra éteinte',
    isOn: { camera: 'allumée', microphone: 'allumé' },
    isOff: { camera: 'éteinte', microphone: 'éteint' },
    preview: 'Votre image, comme dans un miroir',
    level: 'Niveau du micro',
    speak: say('Parlez : la barre doit bouger.', 'Parle : la barre doit bouger.'),
    microphoneOff: 'Micro éteint',
    testSound: 'Essayer le son',
    testing: 'Trois notes se font entendre…',
    noTest: 'Ce navigateur ne peut pas jouer le son d’essai.',
    byDefault: 'Au choix du navigateur',
    faults: {
      camera: {
        denied: say(
          'Le navigateur n’a pas le droit d’utiliser la caméra. Autorisez-la dans la barre d’adresse, puis réessayez. Sans elle, vous verrez et entendrez tout.',
          'Le navigateur n’a pas le droit d’utiliser la caméra. Autorise-la dans la barre d’adresse, puis réessaie. Sans elle, tu verras et entendras tout.',
        ),
        missing: say(
          'Aucune caméra n’est branchée. Vous pouvez entrer sans : vous verrez et entendrez tout.',
          'Aucune caméra n’est branchée. Tu peux entrer sans : tu verras et entendras tout.',
        ),
        busy: say(
          'La caméra est utilisée par un autre programme. Fermez-le, puis réessayez.',
          'La caméra est utilisée par un autre programme. Ferme-le, puis réessaie.',
        ),
        unsupported: say(
          'Ce navigateur ne donne pas accès à la caméra. Vous pouvez entrer sans : vous verrez et entendrez tout.',
          'Ce navigateur ne donne pas accès à la caméra. Tu peux entrer sans : tu verras et entendras tout.',
        ),
        failed: say(
          'La caméra n’a pas démarré. Réessayez, ou entrez sans.',
          'La caméra n’a pas démarré. Réessaie, ou entre sans.',
        ),
      },
      microphone: {
        denied: say(
          'Le navigateur n’a pas le droit d’utiliser le micro. Autorisez-le dans la barre d’adresse, puis réessayez. Sans lui, vous entendrez tout et pourrez écrire.',
          'Le navigateur n’a pas le droit d’utiliser le micro. Autorise-le dans la barre d’adresse, puis réessaie. Sans lui, tu entendras tout et pourras écrire.',
        ),
        missing: say(
          'Aucun micro n’est branché. Vous pouvez entrer sans : vous entendrez tout et pourrez écrire.',
          'Aucun micro n’est branché. Tu peux entrer sans : tu entendras tout et pourras écrire.',
        ),
        busy: say(
          'Le micro est utilisé par un autre programme. Fermez-le, puis réessayez.',
          'Le micro est utilisé par un autre programme. Ferme-le, puis réessaie.',
        ),
        unsupported: say(
          'Ce navigateur ne donne pas accès au micro. Vous pouvez entrer sans : vous entendrez tout et pourrez écrire.',
          'Ce navigateur ne donne pas accès au micro. Tu peux entrer sans : tu entendras tout et pourras écrire.',
        ),
        failed: say(
          'Le micro n’a pas démarré. Réessayez, ou entrez sans.',
          'Le micro n’a pas démarré. Réessaie, ou entre sans.',
        ),
      },
    },
  },

  // ── Line before the gate ──────────────────────────────────────────────────────────────────────────────────────
  queue: {
    title: say('Vous êtes dans la file', 'Tu es dans la file'),
    body: say(
      'Beaucoup de monde arrive en même temps, et chacun entre à son tour. Il n’y a rien à recharger : quand ce sera le vôtre, un son vous préviendra et cette page entrera d’elle-même.',
      'Beaucoup de monde arrive en même temps, et chacun entre à son tour. Il n’y a rien à recharger : quand ce sera le tien, un son te préviendra et cette page entrera d’elle-même.',
    ),
    /** `n` counts from one. */
    place: (n: number) => (n === 1 ? '1re place' : `${number.format(n)}e place`),
    about: (n: number) => `vers la ${number.format(n)}e place`,
    /** The first of these within a sentence. */
    at: (n: number) => (n === 1 ? 'à la 1re place' : `à la ${number.format(n)}e place`),
    tab: (n: number) => (n === 1 ? '1re' : `${number.format(n)}e`),
    turn: (span: string) => say(`Votre tour viendra ${span}.`, `Ton tour viendra ${span}.`),
    turnUnknown: say(
      'On ne sait pas encore dans combien de temps viendra votre tour.',
      'On ne sait pas encore dans combien de temps viendra ton tour.',
    ),
    kept: say(
      'Si vous rechargez ou fermez cette page, votre place est gardée : rouvrez la classe dans ce navigateur.',
      'Si tu recharges ou fermes cette page, ta place est gardée : rouvre la classe dans ce navigateur.',
    ),
    rose: {
      place: (was: string) =>
        say(
          `Vous étiez ${was}. D’autres passent avant vous : ceux qui viennent dans le même quart d’heure tirent leur place au sort, et ceux qui en avaient une la retrouvent.`,
          `Tu étais ${was}. D’autres passent avant toi : ceux qui viennent dans le même quart d’heure tirent leur place au sort, et ceux qui en avaient une la retrouvent.`,
        ),
      turn: same('C’est plus long que prévu : moins de places se libèrent. La durée annoncée a été corrigée.'),
    },
    entering: { title: say('C’est votre tour', 'C’est ton tour'), body: say('Vous entrez. Cela peut prendre quelques secondes.', 'Tu entres. Cela peut prendre quelques secondes.') },
    closed: {
      title: same('L’entrée est fermée pour le moment'),
      until: (moment: string) => `${moment}, elle rouvrira et cette page entrera d’elle-même.`,
      open: 'On ne sait pas encore quand elle rouvrira. Gardez cette page ouverte : elle entrera d’elle-même.',
      why: 'La priorité est donnée en ce moment à d’autres personnes, par exemple aux enseignants et aux élèves dont le cours commence.',
      kept: say('Votre place dans la file est gardée.', 'Ta place dans la file est gardée.'),
    },
    unavailable: {
      title: same('On ne peut pas encore entrer'),
      body: say(
        'Le serveur n’est pas en état de vous faire entrer. Cette page réessaie d’elle-même ; il n’y a rien à recharger.',
        'Le serveur n’est pas en état de te faire entrer. Cette page réessaie d’elle-même ; il n’y a rien à recharger.',
      ),
    },
    schoolFull: {
      title: say('Les places de votre portail sont prises', 'Les places de ton portail sont prises'),
      body: say(
        'Le portail qui vous envoie a autant de personnes ici que ce qui est convenu, ou en envoie trop à la fois. Cette page réessaie d’elle-même ; il n’y a rien à recharger.',
        'Le portail qui t’envoie a autant de personnes ici que ce qui est convenu, ou en envoie trop à la fois. Cette page réessaie d’elle-même ; il n’y a rien à recharger.',
      ),
    },
    trouble: {
      offline: say(
        'La connexion est coupée. Votre place est gardée, et cette page reprend dès que la connexion revient.',
        'La connexion est coupée. Ta place est gardée, et cette page reprend dès que la connexion revient.',
      ),
      unreadable: say(
        'La file ne donne pas de nouvelles pour le moment. Votre place est gardée ; cette page continue d’essayer.',
        'La file ne donne pas de nouvelles pour le moment. Ta place est gardée ; cette page continue d’essayer.',
      ),
      school_full: say(
        'Le portail qui vous envoie a autant de personnes ici que ce qui est convenu. Votre place est gardée ; cette page réessaie d’elle-même.',
        'Le portail qui t’envoie a autant de personnes ici que ce qui est convenu. Ta place est gardée ; cette page réessaie d’elle-même.',
      ),
      unavailable: say(
        'Le serveur ne peut faire entrer personne à cet instant. Votre place est gardée ; cette page réessaie d’elle-même.',
        'Le serveur ne peut faire entrer personne à cet instant. Ta place est gardée ; cette page réessaie d’elle-même.',
      ),
    },
    back: 'La file donne de nouveau des nouvelles.',
    reopened: 'L’entrée est de nouveau ouverte.',
    status: 'État du serveur (nouvel onglet)',
    leave: 'Ne plus attendre',
    busy: {
      title: same('Beaucoup de monde arrive en ce moment'),
      body: say(
        'Le serveur n’a pas encore pu vous répondre. Cette page continue d’essayer d’elle-même ; il n’y a rien à recharger.',
        'Le serveur n’a pas encore pu te répondre. Cette page continue d’essayer d’elle-même ; il n’y a rien à recharger.',
      ),
      offline: say(
        'Cet appareil n’est pas connecté au réseau. Vérifiez la connexion : cette page reprend d’elle-même.',
        'Cet appareil n’est pas connecté au réseau. Vérifie la connexion : cette page reprend d’elle-même.',
      ),
    },
  },

  // ── Lobby ─────────────────────────────────────────────────────────────────────────────────────────────────────
  lobby: {
    connecting: 'Un instant…',
    reason: {
      opening: {
        title: same('La classe n’est pas encore ouverte'),
        body: say(
          'Restez sur cette page : dès que la classe ouvre, on saura que vous êtes là.',
          'Reste sur cette page : dès que la classe ouvre, on saura que tu es là.',
        ),
      },
      answer: {
        title: say('On va vous ouvrir', 'On va t’ouvrir'),
        body: say(
          'L’enseignant sait que vous êtes là. La classe apparaîtra d’elle-même.',
          'L’enseignant sait que tu es là. La classe apparaîtra d’elle-même.',
        ),
      },
      shut: {
        title: same('La porte est fermée pour le moment'),
        body: say(
          'Plus personne n’entre pour l’instant. L’enseignant voit que vous êtes là et peut vous ouvrir.',
          'Plus personne n’entre pour l’instant. L’enseignant voit que tu es là et peut t’ouvrir.',
        ),
      },
      teacher_away: {
        title: same('L’enseignant s’est absenté'),
        body: say(
          'La classe est en pause. Gardez cette page ouverte : vous gardez votre place.',
          'La classe est en pause. Garde cette page ouverte : tu gardes ta place.',
        ),
      },
      seat: {
        title: same('La classe est pleine'),
        body: say(
          'Toutes les places sont prises. Vous entrerez dès qu’une place se libère et qu’on vous ouvre.',
          'Toutes les places sont prises. Tu entreras dès qu’une place se libère et qu’on t’ouvre.',
        ),
      },
    },
    position: (n: number) => (familiar: boolean) =>
      n === 1
        ? familiar ? 'Tu es en tête de la file.' : 'Vous êtes en tête de la file.'
        : familiar ? `Tu es à la ${n}e place dans la file.` : `Vous êtes à la ${n}e place dans la file.`,
    otherDevice: say(
      'Vous êtes déjà là sur un autre appareil. L’enseignant doit donc dire oui ; en entrant ici, l’autre appareil sera déconnecté.',
      'Tu es déjà là sur un autre appareil. L’enseignant doit donc dire oui ; en entrant ici, l’autre appareil sera déconnecté.',
    ),
    note: 'Message de l’enseignant',
    tryOut: say('Essayez votre caméra et votre micro en attendant', 'Essaie ta caméra et ton micro en attendant'),
    leave: 'Ne plus attendre',
    lost: say(
      'La connexion est coupée. Gardez cette page ouverte : elle se reconnecte, et votre place est gardée un moment.',
      'La connexion est coupée. Garde cette page ouverte : elle se reconnecte, et ta place est gardée un moment.',
    ),
  },

  /** Why somebody is outside, and what they can do. */
  ending: {
    left: { title: say('Vous avez quitté la classe', 'Tu as quitté la classe'), body: say('Vous pouvez y revenir tant qu’elle est ouverte.', 'Tu peux y revenir tant qu’elle est ouverte.') },
    lost: {
      title: say('Vous avez été absent trop longtemps', 'Tu as été absent trop longtemps'),
      body: say('La connexion n’est pas revenue à temps et votre place a été rendue. Vous pouvez revenir à la porte.', 'La connexion n’est pas revenue à temps et ta place a été rendue. Tu peux revenir à la porte.'),
    },
    idle: {
      title: say('Votre place a été donnée à quelqu’un qui attendait', 'Ta place a été donnée à quelqu’un qui attendait'),
      body: say('Vous n’aviez rien fait depuis un moment. Vous étiez déjà admis : vous pouvez revenir directement s’il y a de la place.', 'Tu n’avais rien fait depuis un moment. Tu étais déjà admis : tu peux revenir directement s’il y a de la place.'),
    },
    removed: {
      title: say('L’enseignant vous a fait sortir', 'L’enseignant t’a fait sortir'),
      body: say('Vous ne pouvez plus entrer pendant cette séance. Si c’est une erreur, parlez-en à votre enseignant.', 'Tu ne peux plus entrer pendant cette séance. Si c’est une erreur, parles-en à ton enseignant.'),
    },
    blocked: {
      title: say('Vous ne pouvez plus entrer dans cette classe', 'Tu ne peux plus entrer dans cette classe'),
      body: say('L’enseignant en a décidé ainsi. Si c’est une erreur, parlez-lui-en.', 'L’enseignant en a décidé ainsi. Si c’est une erreur, parle-lui-en.'),
    },
    expired: {
      title: say('Votre accès est arrivé à son terme', 'Ton accès est arrivé à son terme'),
      body: say('Ouvrez la classe à nouveau depuis le site, ou avec le lien, par lequel vous êtes venu.', 'Ouvre la classe à nouveau depuis le site, ou avec le lien, par lequel tu es venu.'),
    },
    ended: { title: same('La classe est terminée'), body: say('Vous pouvez fermer cette page.', 'Tu peux fermer cette page.') },
    malformed: { title: same('Cette page a vieilli'), body: say('Rechargez-la pour continuer.', 'Recharge-la pour continuer.') },
    not_authenticated: {
      title: say('Votre invitation n’est plus reconnue', 'Ton invitation n’est plus reconnue'),
      body: say('Ouvrez à nouveau votre lien personnel. S’il ne marche pas, demandez-en un nouveau à votre enseignant.', 'Ouvre à nouveau ton lien personnel. S’il ne marche pas, demandes-en un nouveau à ton enseignant.'),
    },
    not_allowed: {
      title: say('Vous ne pouvez pas entrer ici', 'Tu ne peux pas entrer ici'),
      body: say('Ouvrez le lien personnel que vous avez reçu. S’il ne marche pas, demandez-en un nouveau à votre enseignant.', 'Ouvre le lien personnel que tu as reçu. S’il ne marche pas, demandes-en un nouveau à ton enseignant.'),
    },
    refused: {
      title: say('L’enseignant ne vous a pas fait entrer', 'L’enseignant ne t’a pas fait entrer'),
      body: say('Vous pouvez frapper de nouveau. Si c’est une erreur, dites-le à votre enseignant.', 'Tu peux frapper de nouveau. Si c’est une erreur, dis-le à ton enseignant.'),
    },
    replaced: {
      title: same('La classe est ouverte ailleurs'),
      body: say('Vous l’avez ouverte dans un autre onglet ou sur un autre appareil. Elle continue là-bas.', 'Tu l’as ouverte dans un autre onglet ou sur un autre appareil. Elle continue là-bas.'),
    },
    full: {
      title: same('L’entrée est pleine pour le moment'),
      body: same('Trop de personnes attendent déjà. Cette page réessaie d’elle-même dans moins d’une minute.'),
    },
    back: 'Revenir dans la classe',
    knock: 'Frapper de nouveau',
    knockIn: (s: number) => `Frapper de nouveau dans ${some(s, 'seconde', 'secondes')}`,
    useHere: 'Continuer ici',
    toHome: 'Revenir à l’accueil',
  },

  // ── Class ─────────────────────────────────────────────────────────────────────────────────────────────────────
  class: {
    here: (n: number) => some(n, 'personne', 'personnes'),
    you: say('vous', 'toi'),
    youAlone: say('Vous', 'Toi'),
    teacher: 'Enseignant',
    away: 'Connexion perdue',
    speaking: 'Parle',
    speaks: (names: string[]) => `${names.join(', ')} ${names.length > 1 ? 'parlent' : 'parle'}`,
    pictures: 'Images',
    controls: 'Commandes',
    panel: 'Porte, personnes et discussion',
    stage: 'Scène',
    grid: 'Grille',
    layout: 'Disposition',
    page: (n: number, of: number) => `Page ${n} sur ${of}`,
    previous: 'Page précédente',
    next: 'Page suivante',
    screenOf: (name: string) => `Écran de ${name}`,
    ownScreen: say('Vous partagez votre écran', 'Tu partages ton écran'),
    alone: 'La classe vous attend',
    aloneBody: 'Personne n’est encore entré. Les arrivées s’affichent sous « Porte ».',
    nobody: 'Pas d’image pour le moment',
    soundBlocked: 'Le navigateur a coupé le son de la classe.',
    soundOn: 'Activer le son',
    banner: {
      lost: say('La connexion est coupée. Elle se rétablit d’elle-même ; votre place est gardée.', 'La connexion est coupée. Elle se rétablit d’elle-même ; ta place est gardée.'),
      weak: say(
        'La connexion est faible : l’image peut se figer. Éteindre votre caméra peut aider.',
        'La connexion est faible : l’image peut se figer. Éteindre ta caméra peut aider.',
      ),
      weakSound: same('La connexion est faible : le son peut manquer par moments.'),
      reduced: {
        smaller: same('Connexion faible : les images sont plus petites.'),
        fewer: same('Connexion faible : moins de caméras sont affichées.'),
        audio_only: same('Connexion faible : le son seulement. Les images reviendront d’elles-mêmes.'),
      },
      media: 'L’image et le son sont interrompus. Ils reviennent d’eux-mêmes ; la discussion continue.',
      unattended: 'La classe est en pause : l’enseignant est sorti. Elle reprendra à son retour ; les places sont gardées.',
      refresh: (n: number) => (familiar: boolean) =>
        familiar
          ? `Ton accès se termine dans ${some(n, 'minute', 'minutes')}. Rouvre la classe depuis le site d’où tu viens.`
          : `Votre accès se termine dans ${some(n, 'minute', 'minutes')}. Rouvrez la classe depuis le site d’où vous venez.`,
    },
    /** Asked of a seat that nobody seems to use. */
    stillThere: {
      title: say('Êtes-vous toujours là ?', 'Es-tu toujours là ?'),
      body: say(
        'D’autres attendent pour entrer. Sans réponse, votre place leur sera donnée ; vous pourrez revenir.',
        'D’autres attendent pour entrer. Sans réponse, ta place leur sera donnée ; tu pourras revenir.',
      ),
      left: (n: number) => `Encore ${some(n, 'seconde', 'secondes')}`,
      yes: same('Je suis là'),
    },
    /** What the server itself has too little of. */
    reduction: {
      nothing: 'Le serveur a de nouveau de la place : tout est rétabli.',
      latecomers_out: 'Le serveur est très occupé : les retardataires attendent.',
      student_cameras_off: 'Le serveur est très occupé : les caméras des élèves ne sont pas montrées pour le moment.',
      small_pictures: 'Le serveur est très occupé : toutes les images sont petites pour le moment.',
      audio_only: 'Le serveur est très occupé : on s’entend, sans images, pour le moment.',
      text_only: 'Le serveur est très occupé : il reste la discussion, sans image ni son, pour le moment.',
      full: 'Le serveur est plein : personne d’autre n’entre pour le moment.',
    },
    ends: {
      until: (clock: string) => `Jusqu’à ${clock}`,
      at: (clock: string) => `La classe se termine à ${clock}.`,
      soon: (n: number, clock: string) => `La classe se termine dans ${some(n, 'minute', 'minutes')}, à ${clock}.`,
    },
    /** Somebody who listens and watches: a parent, an inspector. */
    observer: {
      tag: 'Observateur',
      many: 'Observateurs',
      what: 'Vous observez cette classe.',
      chat: 'Les observateurs lisent la discussion et n’y écrivent pas.',
    },
    bar: {
      microphone: 'Micro',
      camera: 'Caméra',
      screen: 'Écran',
      hand: 'Lever la main',
      react: 'Réagir',
      door: 'Porte',
      people: 'Personnes',
      chat: 'Discussion',
      more: 'Plus',
      leave: 'Quitter',
      end: 'Terminer',
      waiting: (n: number) => some(n, 'personne attend', 'personnes attendent'),
      unread: (n: number) => some(n, 'nouveau message', 'nouveaux messages'),
      knockSound: 'Son quand on frappe',
      shortcuts: 'Raccourcis clavier (M, V, H)',
      devices: 'Caméra, micro et son…',
      spare: 'Images et données…',
    },
    reactions: { yes: 'Oui', no: 'Non', clap: 'Bravo', heart: 'J’aime', smile: 'Sourire', lost: 'Je suis perdu' },
    spare: {
      title: 'Images et données',
      received: 'Images reçues',
      pictures: {
        all: { title: 'Toutes', hint: 'Jusqu’à 1 Go par heure.' },
        few: { title: 'Peu', hint: 'L’écran partagé et une caméra, en petit. Autour de 200 Mo par heure.' },
        none: { title: 'Aucune', hint: 'Le son seulement. Autour de 50 Mo par heure.' },
      },
      own: say(
        'Avec « Peu » ou « Aucune », votre caméra envoie elle aussi une image plus petite. Ce choix est gardé sur cet appareil.',
        'Avec « Peu » ou « Aucune », ta caméra envoie elle aussi une image plus petite. Ce choix est gardé sur cet appareil.',
      ),
      screen: 'Écran partagé',
      screenStyle: {
        detail: { title: 'Net', hint: 'Pour du texte et des diapositives.' },
        smooth: { title: 'Fluide', hint: 'Pour une vidéo ou une animation. Le texte peut être moins net.' },
      },
      chosen: {
        few: say('Vous avez choisi de recevoir peu d’images.', 'Tu as choisi de recevoir peu d’images.'),
        none: say('Vous avez choisi de recevoir le son seulement.', 'Tu as choisi de recevoir le son seulement.'),
      },
      showAll: 'Tout recevoir',
    },
    connection: {
      quality: { good: 'Bonne connexion', fair: 'Connexion moyenne', poor: 'Connexion faible' },
      reduced: { nothing: 'Rien n’est réduit', smaller: 'Images plus petites', fewer: 'Moins de caméras', audio_only: 'Son seulement' },
      item: 'Connexion…',
      title: (name: string) => `Connexion de ${name}`,
      unknown: 'On ne sait encore rien de cette connexion.',
      state: 'État',
      rate: 'Débit possible',
      rtt: 'Aller-retour',
      lossDown: 'Perdu en réception',
      lossUp: 'Perdu à l’envoi',
      frozen: 'Images figées, dix dernières secondes',
      freezes: (n: number, longest: string) => `${n} fois, ${longest}`,
      concealed: 'Son manquant, dix dernières secondes',
      none: 'Non',
      notKnown: 'Pas encore connu',
      slots: 'Ce qui lui est envoyé',
      nothing: 'Rien pour le moment.',
      what: 'Quoi',
      slotRate: 'Débit',
      height: 'Hauteur',
      loss: 'Pertes',
      pixels: (n: number) => `${n} px`,
      source: {
        microphone: (name: string) => `Voix de ${name}`,
        camera: (name: string) => `Caméra de ${name}`,
        screen: (name: string) => `Écran de ${name}`,
        screen_audio: (name: string) => `Son de l’écran de ${name}`,
      },
    },
    closed: {
      speak: 'Les micros des élèves sont fermés pour le moment.',
      camera: 'Les caméras des élèves sont fermées pour le moment.',
      screen: 'Le partage d’écran n’est pas ouvert aux élèves.',
      chat: 'La discussion est fermée pour le moment.',
      chatUnattended: 'La discussion reprendra quand l’enseignant sera revenu.',
    },
    hindrance: {
      screenDenied: 'L’écran n’est pas partagé : le navigateur n’en a pas reçu la permission.',
      screenFailed: 'L’écran n’a pas pu être partagé. Réessayez.',
    },
    refusals: {
      malformed: 'Cette demande n’a pas été comprise. Rechargez la page.',
      limit: 'C’est trop long ou trop à la fois.',
      teachers_only: 'Seul un enseignant peut faire cela.',
      not_seated: 'Il faut être dans la classe pour faire cela.',
      no_right: 'Ce n’est pas permis pour le moment.',
      no_such_person: 'Cette personne n’est plus là.',
      no_such_message: 'Ce message n’est plus là.',
      is_teacher: 'On ne peut pas faire sortir un enseignant.',
      class_full: 'Toutes les places de la classe sont prises.',
      door_shut: 'La porte est fermée.',
      unattended: 'Il faut attendre le retour de l’enseignant.',
      too_soon: 'C’est trop tôt après la dernière fois. Attendez un instant.',
      bad_offer: 'L’image et le son de ce navigateur n’ont pas pu être reliés.',
      not_saved: 'La décision n’a pas pu être enregistrée et n’a pas été prise. Réessayez.',
    },
    notSent: 'La connexion est coupée : rien n’a été changé. Réessayez dans un instant.',
    door: {
      title: 'Porte',
      summary: (here: number, expected: number, waiting: number, strangers: number) =>
        [
          expected > 0 ? `${here} sur ${expected} ici` : '',
          waiting > 0 ? `${waiting} en attente` : 'personne n’attend',
          strangers > 0 ? `${strangers} hors liste` : '',
        ].filter(Boolean).join(', '),
      open: 'Ouvrir la porte aux élèves de la liste',
      openHint: 'Jusque-là, tout le monde attend.',
      admit: 'Faire entrer',
      admitNamed: (name: string) => `Faire entrer ${name}`,
      refuse: 'Refuser',
      refuseNamed: (name: string) => `Refuser ${name}`,
      block: 'Bloquer',
      blockNamed: (name: string) => `Bloquer ${name}`,
      admitRoster: (n: number) => (n === 1 ? 'Faire entrer l’élève de la liste' : `Faire entrer les ${n} de la liste`),
      admitAll: (n: number) => `Faire entrer tout le monde (${n})`,
      waiting: 'En attente : la liste d’abord, par ordre d’arrivée',
      nobody: 'Personne n’attend. Quand quelqu’un frappe, son nom apparaît ici.',
      onRoster: 'Sur la liste',
      notOnRoster: 'Hors liste',
      teacher: 'Enseignant',
      proof: { account: 'Compte d’enseignant', invitation: 'Invitation personnelle', portal: (issuer: string) => `Vérifié par ${issuer}` },
      lookAlike: (name: string) => `Ce nom ressemble à celui de ${name}. Vérifiez avant d’ouvrir.`,
      otherDevice: 'Déjà là sur un autre appareil : quelqu’un a pu prêter son lien.',
      since: (minutes: number) => (minutes < 1 ? 'à l’instant' : `depuis ${minutes} min`),
      policy: 'Qui entre sans demander ?',
      settings: 'Règle et message',
      rule: { ask: 'Sur demande', roster: 'Liste', shut: 'Fermée' },
      note: 'Message à ceux qui attendent',
      noteHint: 'Ils le lisent pendant qu’ils attendent.',
      noteSave: 'Afficher le message',
      noteSaved: 'Le message est affiché à l’entrée.',
      noteGone: 'Le message est retiré.',
      barred: 'Sortis ou bloqués',
      barredFor: { removed: 'Jusqu’à la fin de la séance', blocked: 'Définitivement' },
      forgive: 'Laisser revenir',
      forgiveNamed: (name: string) => `Laisser revenir ${name}`,
      admitted: (n: number) => (n === 1 ? 'Une personne entre.' : `${n} personnes entrent.`),
      blockTitle: (name: string) => `Bloquer ${name} ?`,
      blockBody: 'Cette personne ne pourra plus frapper à cette classe, ni maintenant ni plus tard. Vous pourrez la laisser revenir.',
    },
    people: {
      title: 'Personnes',
      count: (n: number) => some(n, 'personne dans la classe', 'personnes dans la classe'),
      others: (n: number) => some(n, 'autre écoute.', 'autres écoutent.'),
      hands: (n: number) => some(n, 'main levée', 'mains levées'),
      hand: (n: number) => `Main levée, ${n === 1 ? '1re' : `${n}e`}`,
      microphoneOn: 'Micro allumé',
      microphoneOff: 'Micro éteint',
      cameraOn: 'Caméra allumée',
      muteAll: 'Couper tous les micros',
      mutedAll: 'Les micros des élèves sont coupés.',
      rights: 'Ce que les élèves peuvent faire',
      right: { speak: 'Parler', camera: 'Montrer leur image', screen: 'Partager leur écran', chat: 'Écrire dans la discussion' },
      own: { speak: 'Peut parler', camera: 'Peut montrer son image', screen: 'Peut partager son écran', chat: 'Peut écrire' },
      actions: (name: string) => `Actions pour ${name}`,
      mute: 'Couper le micro',
      lowerHand: 'Baisser la main',
      spotlight: 'Montrer à tous en grand',
      unspotlight: 'Ne plus montrer en grand',
      rightsOf: 'Droits de cette personne',
      remove: 'Faire sortir…',
      removeTitle: (name: string) => `Faire sortir ${name} ?`,
      removeBody: 'Cette personne quitte la classe tout de suite et ne peut pas revenir pendant cette séance. Vous pourrez la laisser revenir sous « Porte ».',
      removeDo: 'Faire sortir',
      removeBlock: 'Bloquer aussi pour les séances suivantes',
      removed: (name: string) => `${name} est sorti.`,
    },
    chat: {
      title: 'Discussion',
      empty: 'Personne n’a encore écrit. Tout le monde dans la classe lit ce qui est écrit ici.',
      write: 'Écrire à la classe',
      send: 'Envoyer',
      erase: (name: string) => `Effacer le message de ${name}`,
      erased: 'Le message est effacé.',
      tooLong: (max: number) => `Le message est trop long : ${max} caractères au plus.`,
    },
    end: {
      title: 'Terminer la classe ?',
      body: 'Tout le monde quitte la classe, la discussion est fermée. Si vous sortez sans terminer, la classe se met en pause jusqu’à votre retour.',
      forAll: 'Terminer pour tout le monde',
      leaveOnly: 'Sortir sans terminer',
    },
    notice: {
      knock: (names: string) => `À la porte : ${names}.`,
      joined: (names: string) => `Dans la classe : ${names}.`,
      leftClass: (names: string) => `Partis : ${names}.`,
      hand: (names: string) => `Main levée : ${names}.`,
      many: (n: number) => `${n} personnes`,
      admitted: say('Vous êtes dans la classe.', 'Tu es dans la classe.'),
      backToLobby: say('Vous êtes de nouveau à la porte.', 'Tu es de nouveau à la porte.'),
      note: (text: string) => `Message de l’enseignant : ${text}`,
      ownHandLowered: 'La main est baissée.',
      ownHandRaised: 'La main est levée.',
      reacted: (name: string, reaction: string) => `${name} : ${reaction}`,
      said: (name: string, text: string) => `${name} écrit : ${text}`,
      attended: 'L’enseignant est revenu. La classe reprend.',
      muted: say('L’enseignant a coupé votre micro.', 'L’enseignant a coupé ton micro.'),
      cut: say('L’enseignant a fermé votre caméra ou votre écran.', 'L’enseignant a fermé ta caméra ou ton écran.'),
      spotlight: (name: string) => `${name} est montré en grand à tous.`,
      screen: (name: string) => `${name} partage son écran.`,
      linkLost: 'Connexion coupée.',
      linkBack: 'Connexion rétablie.',
      connectionGood: 'La connexion est de nouveau bonne.',
    },
  },
};
