// Command registry is the distribution project's registry with one storage driver, the file system, and one way to log in, a file of
// passwords: the drivers for clouds are most of its dependencies. Command line and configuration are the original's.
package main

import (
	"os"

	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	if err := registry.RootCmd.Execute(); err != nil {
		os.Exit(1) // it has been printed
	}
}
