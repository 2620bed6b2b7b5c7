-- Gives backups.beside the search_path of its own that the source's database had.
SELECT e FROM json_array_elements_text(current_setting('backups.statements')::json) e
  WHERE e ~ '^ALTER DATABASE .* SET search_path ' \gexec
