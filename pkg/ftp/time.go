package ftp

import "time"

// timeForm is YYYYMMDDHHMMSS (RFC 3659 §2.3).
const timeForm = "20060102150405"

// FormatTime returns t in UTC as YYYYMMDDHHMMSS. There is no fraction: IIS
// never sends one.
func FormatTime(t time.Time) string { return t.UTC().Format(timeForm) }

// ParseTime parses YYYYMMDDHHMMSS, with a fraction if there is one, as UTC
// (RFC 3659 §2.3). A leap second is the second after it. The error is ErrSyntax.
func ParseTime(s string) (time.Time, error) {
	if len(s) < len(timeForm) || len(s) == len(timeForm)+1 {
		return time.Time{}, ErrSyntax
	}
	for i := range len(s) {
		if point := i == len(timeForm) && s[i] == '.'; !point && (s[i] < '0' || s[i] > '9') {
			return time.Time{}, ErrSyntax
		}
	}
	leap := time.Duration(0)
	if s[12:14] == "60" {
		s, leap = s[:12]+"59"+s[14:], time.Second
	}
	t, err := time.Parse(timeForm, s)
	if err != nil {
		return time.Time{}, ErrSyntax
	}
	return t.Add(leap), nil
}
