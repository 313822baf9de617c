using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Jobs.Payloads;

/// <summary>The versions of a job type's payload: which one is written, and how older ones become it. Immutable once the application runs.</summary>
internal sealed class PayloadVersions
{
    /// <summary>The metadata's name for the version of a payload; absent for 1.</summary>
    public const string Name = "payload-version";

    private readonly SortedDictionary<int, Func<JsonNode, JsonNode>> _upgrades = [];

    /// <summary>The version that is written.</summary>
    public int Current => _upgrades.Count + 1;

    /// <summary>Adds the step from the newest version so far to the next.</summary>
    public void Add(int from, Func<JsonNode, JsonNode> upgrade)
    {
        if (from != Current)
        {
            throw new ArgumentOutOfRangeException(nameof(from), from, $"Upgrades are added in order: the next one is from version {Current}.");
        }

        _upgrades.Add(from, upgrade);
    }

    /// <summary>Adds the version to the metadata of a new job, unless it is the first.</summary>
    public IReadOnlyDictionary<string, string>? Mark(IReadOnlyDictionary<string, string>? metadata)
    {
        if (Current == 1)
        {
            return metadata;
        }

        var marked = metadata is null ? [] : new Dictionary<string, string>(metadata, StringComparer.Ordinal);
        if (marked.Count >= JobLimits.MaximumMetadata)
        {
            throw new ArgumentException($"A job whose payload has versions carries at most {JobLimits.MaximumMetadata - 1} metadata entries of its own: one says the version.", nameof(metadata));
        }

        marked[Name] = Current.ToString(CultureInfo.InvariantCulture);
        return marked;
    }

    /// <summary>A stored payload in the version that this process knows.</summary>
    /// <exception cref="NewerPayloadException">A newer program has written it.</exception>
    /// <exception cref="UnrecoverableJobException">It is not valid.</exception>
    public ReadOnlyMemory<byte> Upgrade(string jobName, IReadOnlyDictionary<string, string> metadata, ReadOnlyMemory<byte> payload)
    {
        var version = 1;
        if (metadata.TryGetValue(Name, out var text) && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out version) || version < 1))
        {
            throw new UnrecoverableJobException($"The payload of job type '{jobName}' has the version '{text}', which is none.");
        }

        if (version > Current)
        {
            throw new NewerPayloadException(jobName, version, Current);
        }

        if (version == Current)
        {
            return payload;
        }

        JsonNode node;
        try
        {
            node = JsonNode.Parse(payload.Span) ?? throw new UnrecoverableJobException($"The payload of job type '{jobName}' is null.");
        }
        catch (JsonException error)
        {
            throw new UnrecoverableJobException($"The payload of job type '{jobName}' is not JSON.", error);
        }

        for (; version < Current; version++)
        {
            node = _upgrades[version](node) ?? throw new UnrecoverableJobException($"The upgrade of job type '{jobName}' from version {version} gave nothing.");
        }

        return JsonSerializer.SerializeToUtf8Bytes(node);
    }
}
