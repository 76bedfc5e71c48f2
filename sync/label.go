package sync

// labelled returns the value with the labels of what it refers to in place of references: a text, or a list of texts
// if there are several.
func (v Value) labelled(labels map[Key]string) Value {
	if !v.IsRef() {
		return v
	}
	var names []string
	for k := range v.keys {
		name := labels[k]
		if name == "" {
			name = k.Name
		}
		names = append(names, name)
	}
	if len(names) == 1 {
		return String(names[0])
	}
	return Strings(names...)
}
