package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCmd writes the manual pages for packagers. The help does not list it.
func (c *cli) manCmd() *cobra.Command {
	return &cobra.Command{
		Use:         "man FOLDER",
		Short:       "Write the manual pages into a folder",
		Hidden:      true,
		Args:        cobra.ExactArgs(1),
		Annotations: changes("files in FOLDER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("write manual pages: %w", err)
			}
			// The current date would make every build differ. Without the variable the date is 1970.
			seconds, _ := strconv.ParseInt(c.getenv("SOURCE_DATE_EPOCH"), 10, 64)
			date := time.Unix(seconds, 0).UTC()
			cmd.Root().DisableAutoGenTag = true
			head := &doc.GenManHeader{Section: "1", Source: "callvault " + version, Manual: "callvault", Date: &date}
			if err := doc.GenManTree(cmd.Root(), head, args[0]); err != nil {
				return fmt.Errorf("write manual pages: %w", err)
			}
			return nil
		},
	}
}
