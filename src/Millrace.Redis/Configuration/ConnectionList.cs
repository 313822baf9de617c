namespace Millrace.Redis.Configuration;

/// <summary>The form <c>host:port,host:port,key=value,…</c>. A value may contain '=', not a comma: the form has no way to write one.</summary>
internal static class ConnectionList
{
    /// <returns>What is wrong, or null.</returns>
    public static string? Split(string text, ConnectionStringParts parts)
    {
        var position = 0;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            position++;
            if (part.Length == 0)
            {
                continue; // a comma at the end is common
            }

            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals >= 0)
            {
                parts.Entries.Add(new ConnectionEntry(position, part[..equals].Trim(), part[(equals + 1)..].Trim()));
            }
            else if (parts.Entries.Count > 0)
            {
                return $"Entry {position} of the connection string is not key=value. Servers come first; and a value with a comma, such as a password, "
                    + "can only be written in the form redis://, as %2C.";
            }
            else
            {
                parts.Hosts.Add(part);
            }
        }

        return null;
    }
}
