using System.Buffers;
using System.Text;

namespace Township.Modules.Projects;

/// <summary>
/// Writes RFC 4180: fields quoted where they need it, lines ended by CRLF, a byte order mark first so that spreadsheets read
/// UTF-8. A field that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection).
/// </summary>
internal sealed class CsvWriter
{
    private static readonly SearchValues<char> NeedQuotes = SearchValues.Create(",\"\r\n\t ;");

    private readonly StringBuilder _text = new("\uFEFF");

    public void Line(params ReadOnlySpan<string?> fields)
    {
        for (var i = 0; i < fields.Length; i++)
        {
            if (i > 0)
            {
                _text.Append(',');
            }

            Field(fields[i] ?? "");
        }

        _text.Append("\r\n");
    }

    public override string ToString() => _text.ToString();

    private void Field(string value)
    {
        var safe = IsFormula(value) ? "'" + value : value;
        if (!safe.AsSpan().ContainsAny(NeedQuotes))
        {
            _text.Append(safe);
            return;
        }

        _text.Append('"').Append(safe.Replace("\"", "\"\"")).Append('"');
    }

    // Also behind spaces: spreadsheets trim before they look. Full-width signs count too.
    private static bool IsFormula(string value)
    {
        if (value.Length > 0 && value[0] is '\t' or '\r' or '\n')
        {
            return true;
        }

        var start = value.AsSpan().TrimStart();
        return start.Length > 0 && start[0] is '=' or '+' or '-' or '@' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20';
    }
}
