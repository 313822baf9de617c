using System.Text.Json.Serialization;

namespace Millrace.HitRate;

/// <summary>What another way of choosing keys reaches.</summary>
/// <param name="Name">What it warms.</param>
/// <param name="Keys">How many keys it named in all.</param>
/// <param name="HitsPerKey">The share of them that were read.</param>
/// <param name="OursAtAsManyKeys">The same for the learner when it names just as many keys, hour by hour.</param>
/// <param name="Coverage">The share of the hours' different keys that it named.</param>
/// <param name="HeldOut"><paramref name="HitsPerKey"/> in the last day alone.</param>
/// <param name="OursHeldOut"><paramref name="OursAtAsManyKeys"/> in the last day alone.</param>
internal sealed record PredictRival(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("keys")] int Keys,
    [property: JsonPropertyName("hits_per_key")] double HitsPerKey,
    [property: JsonPropertyName("ours_at_as_many_keys")] double OursAtAsManyKeys,
    [property: JsonPropertyName("coverage")] double Coverage,
    [property: JsonPropertyName("held_out")] double HeldOut,
    [property: JsonPropertyName("ours_held_out")] double OursHeldOut);
