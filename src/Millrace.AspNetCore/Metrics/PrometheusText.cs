using System.Globalization;
using System.Text;

namespace Millrace.AspNetCore.Metrics;

/// <summary>
/// Writes the Prometheus text exposition format, version 0.0.4: families of a help line, a type line and samples; label values with
/// backslash, quote and line feed escaped; lines end with a line feed.
/// </summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    public void Family(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    public void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var i = 0; i < labels.Length; i++)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"");
            Escape(labels[i].Value);
            _text.Append('"');
        }

        if (labels.Length > 0)
        {
            _text.Append('}');
        }

        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>The samples of one histogram.</summary>
    /// <param name="name">The family.</param>
    /// <param name="bounds">Upper bounds of the buckets.</param>
    /// <param name="buckets">Observations per bucket, not cumulative; one more than bounds.</param>
    /// <param name="sum">Of the observations.</param>
    /// <param name="labels">The labels of all samples.</param>
    public void Histogram(string name, IReadOnlyList<double> bounds, IReadOnlyList<long> buckets, double sum, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var below = 0L;
        for (var i = 0; i < buckets.Count; i++)
        {
            below += buckets[i];
            Sample(name + "_bucket", below, [.. labels, ("le", i < bounds.Count ? Number(bounds[i]) : "+Inf")]);
        }

        Sample(name + "_sum", sum, labels);
        Sample(name + "_count", below, labels);
    }

    public override string ToString() => _text.ToString();

    internal static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private void Escape(string value)
    {
        foreach (var c in value)
        {
            switch (c)
            {
                case '\\':
                    _text.Append("\\\\");
                    break;
                case '"':
                    _text.Append("\\\"");
                    break;
                case '\n':
                    _text.Append("\\n");
                    break;
                default:
                    _text.Append(char.IsSurrogate(c) ? '\ufffd' : c); // a lone half would not be UTF-8
                    break;
            }
        }
    }
}
