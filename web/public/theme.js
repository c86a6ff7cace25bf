// The colours that were chosen here, before anything is drawn: this runs before the page's own program, which src/theme.ts belongs to.
try {
  const theme = localStorage.getItem('ringfence.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is switched off: the system's colours, then.
}
