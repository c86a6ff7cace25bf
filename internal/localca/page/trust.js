// Carries an invite from this page's fragment to the link that goes on. A
// fragment never reaches a server; it stays in this browser.
const invite = location.hash.slice(1);
if (/^[A-Za-z0-9_.-]{1,256}$/.test(invite)) {
  const link = document.getElementById("continue");
  link.href = new URL(`/invite#${invite}`, link.href).href;
}
