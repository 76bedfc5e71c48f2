package netboxtest

import (
	"encoding/json"
	"errors"
)

// runValidator asks the Validator about the candidate.
func (d *draft) runValidator() *invalid {
	if d.transaction.validate == nil {
		return nil
	}
	fields := map[string]json.RawMessage{}
	for _, p := range members(d.rawData(d.after)) {
		fields[p.key] = p.value
	}
	err := d.transaction.validate(d.model.label, fields)
	if err == nil {
		return nil
	}
	var specific *ValidationError
	if errors.As(err, &specific) && specific.Field != "" {
		return refuse(specific.Field, specific.Message)
	}
	return refuse(allKey, err.Error())
}
