#pragma once

namespace backups {

/// The whole program: parses, runs a verb, reports its failure. Returns the exit code.
int run_cli(int argc, char** argv);

}  // namespace backups
