using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;

namespace Township.Modules.Notifications.Email;

/// <summary>
/// A mail's text with places like <c>{{name}}</c>; its first line is the subject. The HTML part is made from the same text: paragraphs,
/// and addresses that can be followed. Values are encoded for the part they appear in, and cannot add lines to the subject.
/// </summary>
internal sealed partial record EmailTemplate(string Subject, string Body)
{
    private const int MaximumValueLength = 4000;

    public static EmailTemplate Parse(string text)
    {
        var lines = text.ReplaceLineEndings("\n");
        var end = lines.IndexOf('\n', StringComparison.Ordinal);
        return new EmailTemplate(lines[..end].Trim(), lines[(end + 1)..].Trim('\n'));
    }

    public (string Subject, string Text, string Html) Render(IReadOnlyDictionary<string, string> values)
    {
        var subject = string.Join(' ', Fill(Subject, values).Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
        var text = Fill(Body, values);
        return (subject, text + "\n", Html(subject, text));
    }

    private static string Fill(string template, IReadOnlyDictionary<string, string> values) =>
        Place().Replace(template, match =>
        {
            var value = values.TryGetValue(match.Groups["name"].Value, out var found)
                ? found
                : throw new InvalidOperationException($"The mail's template has a place '{match.Value}' for which there is no value.");
            return value.Length <= MaximumValueLength ? value : value[..MaximumValueLength] + "…";
        });

    private static string Html(string title, string text)
    {
        var html = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
            .Append(HtmlEncoder.Default.Encode(title))
            .Append("</title></head>\n<body style=\"font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:2em auto;padding:0 1em;color:#1b2624\">\n");
        foreach (var paragraph in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            html.Append("<p>");
            var at = 0;
            foreach (Match link in Address().Matches(paragraph))
            {
                var address = HtmlEncoder.Default.Encode(link.Value);
                html.Append(Encode(paragraph[at..link.Index]))
                    .Append("<a href=\"").Append(address).Append("\" style=\"color:#1f6f5c\">").Append(address).Append("</a>");
                at = link.Index + link.Length;
            }

            html.Append(Encode(paragraph[at..])).Append("</p>\n");
        }

        return html.Append("</body></html>\n").ToString();
    }

    private static string Encode(string text) =>
        string.Join("<br>\n", text.Split('\n').Select(HtmlEncoder.Default.Encode));

    [GeneratedRegex(@"\{\{(?<name>[a-z-]+)\}\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Place();

    [GeneratedRegex(@"https?://[^\s<>""]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Address();
}
