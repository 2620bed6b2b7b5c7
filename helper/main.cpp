#include "cli/cli.hpp"

int main(int argc, char** argv) { return backups::run_cli(argc, argv); }
