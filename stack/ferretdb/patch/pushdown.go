package sqlite

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/FerretDB/FerretDB/internal/backends/sqlite/metadata"
	"github.com/FerretDB/FerretDB/internal/handler/sjson"
	"github.com/FerretDB/FerretDB/internal/types"
	"github.com/FerretDB/FerretDB/internal/util/must"
)

// SQLite takes at most 32,766 arguments; a query with so many reads most of a collection anyway.
const maxListed = 1000

// Names that mean the same to SQLite's -> as to MongoDB: no path, no operator, nothing to quote.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// pushdown returns the WHERE clause, and its arguments, of the part of a filter that indexes can answer.
//
// It selects a superset of what the filter matches: FerretDB checks each document again. An equal _id
// is selective enough; other fields are used when the filter compares with a string or an ObjectID.
func pushdown(filter *types.Document) (string, []any) {
	if filter.Len() == 0 {
		return "", nil
	}

	if id, err := filter.Get("_id"); err == nil {
		if ids := listed(id); len(ids) > 0 {
			return fmt.Sprintf(" WHERE %s IN (?%s)", metadata.IDColumn, strings.Repeat(", ?", len(ids)-1)), ids
		}
	}

	var terms []string
	var args []any

	values := filter.Values()
	for i, name := range filter.Keys() {
		value, ok := encoded(values[i])
		if !ok || !plainName.MatchString(name) {
			continue
		}

		// An array matches when one of its elements does. As JSON it starts with [, and \ is the character after that;
		// spelled so, both halves are ranges of the same index.
		terms = append(terms, fmt.Sprintf(`(%[1]s->'%[2]s' = ? OR %[1]s->'%[2]s' >= '[' AND %[1]s->'%[2]s' < '\')`, metadata.DefaultColumn, name))
		args = append(args, value)
	}

	if terms == nil {
		return "", nil
	}

	return " WHERE " + strings.Join(terms, " AND "), args
}

// listed returns the values that an _id has to be one of, encoded; nothing when the condition is of another kind.
func listed(condition any) []any {
	if value, ok := encoded(condition); ok {
		return []any{value}
	}

	operators, ok := condition.(*types.Document)
	if !ok {
		return nil
	}

	in, _ := operators.Get("$in")

	array, ok := in.(*types.Array)
	if !ok || array.Len() > maxListed {
		return nil
	}

	res := make([]any, array.Len())
	for i := range res {
		if res[i], ok = encoded(must.NotFail(array.Get(i))); !ok {
			return nil
		}
	}

	return res
}

// encoded returns a value as it is in the stored JSON. Only strings and ObjectIDs have one spelling; numbers do not.
func encoded(v any) (any, bool) {
	switch v.(type) {
	case string, types.ObjectID:
		return string(must.NotFail(sjson.MarshalSingleValue(v))), true
	default:
		return nil, false
	}
}
