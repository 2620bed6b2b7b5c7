#pragma once

namespace backups {

/// Runs the program: parses the arguments, runs a verb and reports its failure. Returns the exit
/// code.
int run_cli(int argc, char** argv);

}  // namespace backups
