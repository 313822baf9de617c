using System.Text.Json.Serialization;

namespace Millrace.HitRate;

/// <summary>The figure for one N, as it is printed.</summary>
internal sealed record PredictLine(
    [property: JsonPropertyName("bench")] string Bench,
    [property: JsonPropertyName("value")] double Value,
    [property: JsonPropertyName("unit")] string Unit,
    [property: JsonPropertyName("vs")] string Versus,
    [property: JsonPropertyName("vs_value")] double VersusValue,
    [property: JsonPropertyName("ratio")] double Ratio,
    [property: JsonPropertyName("coverage")] double Coverage,
    [property: JsonPropertyName("held_out")] double HeldOut,
    [property: JsonPropertyName("rivals")] IReadOnlyList<PredictRival> Rivals);
