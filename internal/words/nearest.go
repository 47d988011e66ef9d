package words

// Nearest returns the name among known that text is most likely a slip of, or "". A slip
// is a wrong, missing, extra or exchanged letter; a name of n letters may have n/3 of
// them, and at most most.
func Nearest(text string, known []string, most int) string {
	best, found := most+1, ""
	for _, name := range known {
		if d := slips(text, name); d < best && d <= max(1, len(name)/3) {
			best, found = d, name
		}
	}
	return found
}

// slips returns the number of slips between two texts (optimal string alignment).
func slips(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			wrong := 1
			if a[i] == b[j] {
				wrong = 0
			}
			row[j+1] = min(last[j]+wrong, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
