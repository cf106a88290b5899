// Every visible word in English. English has one "you", so what addresses a student is said once.

import type { Words } from './text';

const some = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

export const en: Words = {
  // ── Shared by every page ──────────────────────────────────────────────────────────────────────────────────────
  common: {
    skip: 'Skip to content',
    close: 'Close',
    cancel: 'Cancel',
    save: 'Save',
    loading: 'One moment…',
    reload: 'Reload the page',
    again: 'Try again',
    partMissing: 'This part of the page could not be loaded. Check the connection, then reload the page.',
    support: (code) => `For support: ${code}`,
  },

  preferences: {
    title: 'Language and appearance',
    language: 'Language',
    languages: { fr: 'Français', en: 'English' },
    theme: 'Appearance',
    themes: { system: 'Same as the device', light: 'Light', dark: 'Dark' },
  },

  problem: {
    malformed: 'The server did not understand this request. Reload the page and try again.',
    token_in_url: 'This address contains a secret key and was not accepted. Ask for a new link.',
    not_authenticated: 'This browser is no longer signed in. Open your personal link again.',
    not_allowed: 'You do not have access to this page.',
    not_found: 'This no longer exists. Reload the page to see what has changed.',
    bad_origin: 'This request did not come from this page and was not accepted. Reload the page.',
    too_large: 'This is too long to be sent at once. Try it in several parts.',
    too_many: 'Too many requests in a short time. Wait a minute, then try again.',
    limit: 'A value is beyond what is allowed. Correct it and try again.',
    unavailable: 'The server is busy at the moment. Try again in a minute.',
    internal: 'Something went wrong on the server. Nothing was changed; try again.',
    offline: 'The server does not answer. Check the connection, then try again.',
    garbled: 'The server’s answer could not be read. Reload the page.',
  },

  time: {
    clock: (hour, minute) => `${hour}:${String(minute).padStart(2, '0')}`,
    today: (clock) => `Today at ${clock}`,
    tomorrow: (clock) => `Tomorrow at ${clock}`,
    yesterday: (clock) => `Yesterday at ${clock}`,
    on: (day, clock) => `${day} at ${clock}`,
    day: (day) => day,
    now: 'It is time',
    inMinutes: (n) => `In ${some(n, 'minute', 'minutes')}`,
  },

  // ── Plain pages ───────────────────────────────────────────────────────────────────────────────────────────────
  plain: {
    opening: 'Opening your link…',
    linkRefused: 'This link is not valid',
    linkRefusedDo: 'It may have been replaced. Ask the person who sent it for a new one.',
    linkTrouble: 'Your link could not be checked',
    invitationNeeded: 'You need an invitation to come in',
    invitationNeededDo: 'Open the personal link that your teacher or your school has sent you.',
    classRefused: 'You cannot come in here',
    classRefusedDo: 'Open the personal link that you were given. If it does not work, ask your teacher for a new one.',
    unknown: 'There is nothing at this address',
    unknownDo: 'Check the address, or go to the home page.',
    toHome: 'Go to the home page',
    trouble: 'The page could not be shown',
  },

  // ── Home ──────────────────────────────────────────────────────────────────────────────────────────────────────
  home: {
    title: 'Your classes',
    account: (name) => `Account of ${name}`,
    signOut: 'Sign out of this browser',
    signOutTitle: 'Sign out of this browser?',
    signOutBody: 'To come back you will need a new link from the person who runs Préau at your school.',
    signOutDo: 'Sign out',
    create: 'New class',
    open: 'Open the class',
    openNamed: (title) => `Open the class: ${title}`,
    prepare: 'Prepare',
    prepareNamed: (title) => `Prepare the class: ${title}`,
    students: (n) => (n === 0 ? 'No students yet' : some(n, 'student', 'students')),
    running: 'In progress',
    unattended: 'In progress, no teacher inside',
    invitedBy: (name) => `With ${name}`,
    next: 'Coming up',
    past: 'Past',
    emptyTitle: 'Your first class',
    emptySteps: [
      { title: 'Make a class', hint: 'A title, a day, a time.' },
      { title: 'Add your students', hint: 'Paste the list, or drop a file.' },
      { title: 'Give everyone their link', hint: 'To copy, to print or to download.' },
    ],
    emptyDo: 'Make a class',
    student: {
      title: () => 'Your classes',
      enter: 'Enter',
      enterNamed: (title) => `Enter the class: ${title}`,
      teacher: (name) => `With ${name}`,
    },
  },

  draft: {
    create: 'New class',
    change: 'Change the class',
    classTitle: 'Title',
    classTitleHint: 'Students see it on their invitation. For example: Maths, Year 8.',
    date: 'Day',
    clock: 'Time',
    policy: 'Who comes in without asking?',
    policies: {
      ask: { title: 'Nobody', hint: 'You are told about every arrival, and you let people in.' },
      roster: {
        title: 'Students on the list',
        hint: 'Once you open the door they walk in by themselves. Everyone else waits for your word.',
      },
      shut: { title: 'Door closed', hint: 'Nobody new comes in, unless you let them in yourself.' },
    },
    familiar: 'Say “tu” to students',
    familiarHint: 'For students who read the pages in French.',
    submitCreate: 'Make the class',
    faults: {
      noTitle: 'Give the class a title.',
      longTitle: (max) => `The title is too long: at most ${max} characters.`,
      noDate: 'Choose a day.',
      noClock: 'Choose a time.',
    },
    created: 'The class has been made.',
    saved: 'Saved.',
  },

  // ── Class set-up ──────────────────────────────────────────────────────────────────────────────────────────────
  setup: {
    back: 'Your classes',
    change: 'Change',
    doors: {
      ask: 'You let each person in',
      roster: 'Students on the list walk in',
      shut: 'Door closed',
    },
    familiar: 'Students are addressed as “tu”',
    more: 'More actions',
    remove: 'Delete the class',
    removeTitle: 'Delete this class?',
    removeBody: 'Its list and invitations will be erased, and the links will stop working. This cannot be undone.',
    removeDo: 'Delete the class',
    removed: 'The class has been deleted.',
  },

  roster: {
    title: 'Add people',
    paste: 'One person per line',
    pasteHint: 'A name is enough. You can also paste a table with the columns Last name, First name, Group and Role.',
    example: 'Zoé Martin\nNoé Durand\nYanis Benali',
    file: 'Choose a file',
    drop: 'or drop a CSV file here',
    dropNow: 'Drop the file here',
    fileRead: (name) => `The file ${name} has been read. Check it, then add.`,
    preview: 'Preview',
    previewEmpty: 'People appear here as you type, once they are recognised.',
    recognised: (n) => `${some(n, 'person', 'people')} recognised`,
    doubtful: (n) => `${n} to check`,
    bad: (n) => `${some(n, 'line', 'lines')} to correct`,
    badTitle: 'Lines to correct',
    badHint: 'They stay in the text box after you add the others.',
    line: (n) => `Line ${n}`,
    toLine: (n) => `Go to line ${n}`,
    emptyLine: '(empty)',
    include: (name) => `Add ${name}`,
    teacher: 'Teacher',
    doubts: {
      twice: 'This name is already there. Tick it to add it all the same.',
      looks_alike: 'Looks like another name on the list.',
      cleaned: 'Invisible characters have been taken out.',
      one_word: 'One word only: is it the full name?',
    },
    faults: {
      no_name: 'The name is missing.',
      name_too_long: 'The name is too long.',
      group_too_long: 'The group is too long.',
      unknown_role: 'This role is not known: write “student” or “teacher”.',
      too_many_columns: 'There are more columns than in the heading.',
      bad_quotes: 'The quotation marks are not closed.',
      too_many: 'The list is full.',
    },
    windows1252: 'The file was read in the Windows encoding. Check the accents.',
    add: (n) => (n === 0 ? 'Add' : `Add ${some(n, 'person', 'people')}`),
    added: (n) => (n === 1 ? 'One person has been added.' : `${n} people have been added.`),
  },

  invitations: {
    title: 'Invitations',
    summary: (students, teachers) =>
      teachers === 0
        ? some(students, 'student', 'students')
        : `${some(students, 'student', 'students')}, ${some(teachers, 'teacher', 'teachers')}`,
    explain: 'Each link is personal. It opens the class in that person’s browser, without a password.',
    addPeople: 'Add people',
    filter: 'Find a name',
    nobodyFound: 'No name matches.',
    found: (n) => `${some(n, 'person', 'people')} found`,
    name: 'Name',
    group: 'Group',
    state: 'Link',
    actions: 'Actions',
    states: { fresh: 'Not opened yet', used: 'Opened', revoked: 'Switched off' },
    copy: 'Copy the link',
    copyOf: (name) => `Copy the link of ${name}`,
    copied: (name) => `The link of ${name} has been copied.`,
    copyAll: 'Copy all',
    copiedAll: (n) => (n === 1 ? 'One link has been copied.' : `${n} links have been copied.`),
    copyFailed: 'The browser did not allow copying. Download the file instead.',
    print: 'Print',
    download: 'Download',
    actionsOf: (name) => `More actions for ${name}`,
    renew: 'Make a new link',
    renewTitle: (name) => `A new link for ${name}?`,
    renewBody: 'The present link will stop working. The new one has to be handed over.',
    renewed: (name) => `${name} has a new link.`,
    revoke: 'Switch the link off',
    revokeTitle: (name) => `Switch off the link of ${name}?`,
    revokeBody: 'This link will no longer open the class. Somebody who is in class leaves it. You can make a new link later.',
    revoked: (name) => `The link of ${name} is switched off.`,
    remove: 'Take off the list',
    removeTitle: (name) => `Take ${name} off the list?`,
    removeBody: 'The person is no longer expected, and their link stops working.',
    removed: (name) => `${name} is no longer on the list.`,
  },

  sheet: {
    title: 'Invitations to print',
    count: (n) => some(n, 'card', 'cards'),
    hint: 'Eight cards to a page, to cut out.',
    print: 'Print',
    back: 'Back to the class',
    code: (name) => `QR code of ${name}`,
    help: () => 'Scan the code, or type the address into a browser. This link is yours alone: do not lend it.',
    helpTeacher: 'Scan the code, or type the address into a browser. This link is yours alone: do not lend it.',
  },

  csv: {
    separator: ',',
    headings: ['Name', 'Group', 'Role', 'Link'],
    roles: { teacher: 'teacher', student: 'student' },
    file: (title) => `invitations ${title}.csv`,
  },

  // ── Try-out ───────────────────────────────────────────────────────────────────────────────────────────────────

  // ── Lobby ─────────────────────────────────────────────────────────────────────────────────────────────────────

  // ── Class ─────────────────────────────────────────────────────────────────────────────────────────────────────
};
