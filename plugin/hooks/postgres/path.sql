-- Sets the search_path of the database backups.staging to that of the source's database.
SELECT e FROM json_array_elements_text(current_setting('backups.statements')::json) e
  WHERE e ~ '^ALTER DATABASE .* SET search_path ' \gexec
