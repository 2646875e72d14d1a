// Keeps a module without sources a valid library.
