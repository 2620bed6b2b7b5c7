# shellcheck shell=bash
# mongo: export is a mongodump archive, import a mongorestore without --drop. Sourced.

known-failure() { echo "some collections with the documents of the backup added, others without"; }
known-keeps() {
  echo "every document and collection that is there: mongo:import adds those of the backup, and replaces none"
}
known-warnings() { echo "a backup of a mongo service is not of one moment: collections are read one after the other"; }
