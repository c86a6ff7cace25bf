// Package versus says what came of measuring several TURN servers in one
// session: which bounds this relay meets, and the document with its pictures.
// A ratio is only ever taken within one round of one session.
package versus
