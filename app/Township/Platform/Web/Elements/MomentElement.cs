using System.Globalization;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Township.Platform.Web.Elements;

/// <summary>
/// <c>&lt;moment at="@task.CreatedAt" /&gt;</c>: a time in Unix milliseconds. Written in UTC, so that the page can be cached for
/// everybody; the script <c>moments.js</c> shows it in the reader's own zone.
/// </summary>
[HtmlTargetElement("moment", TagStructure = TagStructure.NormalOrSelfClosing)]
public sealed class MomentElement : TagHelper
{
    /// <summary>Unix milliseconds.</summary>
    public long At { get; set; }

    /// <inheritdoc />
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var moment = DateTimeOffset.FromUnixTimeMilliseconds(At);
        output.TagName = "time";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("datetime", moment.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        output.Attributes.SetAttribute("data-moment", "");
        output.Content.SetContent(moment.ToString("d MMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture));
    }
}
