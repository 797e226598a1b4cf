package extern

// Decode is for the fuzz test.
var Decode = decode
