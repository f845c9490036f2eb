package accounts

// LookInterval is how long one look at the file serves.
const LookInterval = lookInterval
