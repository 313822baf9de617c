using System.Globalization;

namespace Millrace.TestKit.Redis;

/// <summary>What one node thinks of its cluster, from CLUSTER NODES.</summary>
internal sealed class ClusterView
{
    /// <summary>The number of slots of every cluster.</summary>
    public const int SlotCount = 16_384;

    private readonly string?[] _owners = new string?[SlotCount];

    /// <summary>The nodes it knows and does not think failed or still to be met, with their primary's id, "-" for a primary.</summary>
    public Dictionary<string, string> Nodes { get; } = new(StringComparer.Ordinal);

    /// <summary>The epoch of each node's configuration, of two claims of a slot the higher one wins.</summary>
    public Dictionary<string, string> Epochs { get; } = new(StringComparer.Ordinal);

    /// <summary>The id of every slot's primary, null for a slot that nobody serves.</summary>
    public IReadOnlyList<string?> Owners => _owners;

    public static ClusterView Parse(string text)
    {
        var view = new ClusterView();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // id address flags primary ping pong epoch link slot... (a slot on its way is in brackets)
            var fields = line.Split(' ');
            var flags = fields[2].Split(',');
            if (!flags.Any(static flag => flag is "fail" or "fail?" or "handshake" or "noaddr"))
            {
                view.Nodes[fields[0]] = fields[3];
                view.Epochs[fields[0]] = fields[6];
            }

            foreach (var range in fields.Skip(8).Where(static field => !field.StartsWith('[')))
            {
                var ends = range.Split('-').Select(static end => int.Parse(end, CultureInfo.InvariantCulture)).ToArray();
                view._owners.AsSpan(ends[0], ends[^1] - ends[0] + 1).Fill(fields[0]);
            }
        }

        return view;
    }
}
