/** Topics to start from, by the word that a form sends. */
export const EXAMPLES = {
  lunch: {
    label: 'Lunch',
    title: 'Lunch on Friday',
    question: 'Which one for all of us?',
    things: 'Dumplings\nPizza\nFalafel\nSushi\nRamen\nBurgers\nSalad bowls\nCurry',
  },
  book: {
    label: 'The club’s next book',
    title: 'Our next book',
    question: 'Which would you rather read?',
    things: [
      'name,description',
      'Middlemarch,"Eliot, 1871: a town and its hopes"',
      'The Left Hand of Darkness,"Le Guin, 1969: winter on another planet"',
      'Things Fall Apart,"Achebe, 1958: a village before and after"',
      'The Trial,"Kafka, 1925: arrested one morning"',
      'Beloved,"Morrison, 1987: a past that does not rest"',
    ].join('\n'),
  },
  ideas: {
    label: 'Ideas of a team',
    title: 'What we improve next',
    question: 'Which would help us more?',
    things:
      'Shorter meetings\nA quiet room\nFaster builds\nOne day a week without calls\nBetter coffee\nNew chairs',
  },
  projects: {
    label: 'Projects of a hackathon',
    title: 'Best project',
    question: 'Which project is better?',
    things: [
      'name,description,location,team',
      'Leaf Counter,Counts leaves on a photo,Table 1,The Botanists',
      'Night Bus,Tells when the last bus goes,Table 2,Owls',
      'Borrow It,Lends tools in a street,Table 3,Neighbours',
      'Plain Words,Rewrites letters of offices,Table 4,Clear & Co',
    ].join('\n'),
  },
  essays: {
    label: 'Essays of a class',
    title: 'Our essays',
    question: 'Which essay argues better?',
    things:
      'name,text\nEssay 1,"Put the whole text here.\n\nIt can have **Markdown**."\nEssay 2,"And the next one here."',
  },
} as const;

/** Finds an example by its word; undefined when there is none. */
export const findExample = (name: string): (typeof EXAMPLES)[keyof typeof EXAMPLES] | undefined =>
  Object.hasOwn(EXAMPLES, name) ? EXAMPLES[name as keyof typeof EXAMPLES] : undefined;
