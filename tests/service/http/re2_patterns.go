// Match patterns by RE2, as Go does. Reads an object of patterns with texts from standard input and
// writes, for each pattern, whether each text matches.
package main

import (
	"encoding/json"
	"log"
	"os"
	"regexp"
)

func main() {
	var cases map[string][]string
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		log.Fatal(err)
	}
	matches := map[string][]bool{}
	for pattern, texts := range cases {
		found, err := regexp.Compile(pattern)
		if err != nil {
			log.Fatalf("%q: %v", pattern, err)
		}
		matches[pattern] = []bool{}
		for _, text := range texts {
			matches[pattern] = append(matches[pattern], found.MatchString(text))
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(matches); err != nil {
		log.Fatal(err)
	}
}
