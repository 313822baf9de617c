using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Township.Platform.Forms;

/// <summary>
/// Where a page of a list ended: the last row's sort key and id. Paging by key, not by offset, neither skips nor repeats rows
/// that others insert meanwhile. Written as base64url of "key|id"; text that cannot be read means the first page.
/// </summary>
internal readonly record struct Cursor(string? Key, string? Id)
{
    private const int MaximumLength = 400;

    public static readonly Cursor Start;

    public bool IsStart => Id is null;

    /// <summary>The sort key as a number; 0 at the start.</summary>
    public long Number => long.TryParse(Key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    public static Cursor At(long key, string id) => new(key.ToString(CultureInfo.InvariantCulture), id);

    public static Cursor Parse(string? text)
    {
        if (text is not { Length: > 0 and <= MaximumLength } || !Base64Url.IsValid(text))
        {
            return Start;
        }

        var plain = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
        var bar = plain.LastIndexOf('|');
        return bar > 0 && NewId.IsWellFormed(plain[(bar + 1)..]) && !plain.Contains('\0')
            ? new Cursor(plain[..bar], plain[(bar + 1)..])
            : Start;
    }

    public override string ToString() => IsStart ? "" : Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Key}|{Id}"));
}
