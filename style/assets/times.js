// On plain pages, which do not load the program: moments in the reader's own time zone, in the form of components/moment.rs.
const two = (number) => String(number).padStart(2, '0');
for (const time of document.querySelectorAll('time[datetime]')) {
  const at = new Date(time.dateTime);
  time.textContent = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
