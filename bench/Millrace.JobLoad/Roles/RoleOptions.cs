using System.Globalization;

namespace Millrace.JobLoad.Roles;

/// <summary>What a role is told on its command line: pairs of a name and a value. The names are those of bench/peers/bullmq.mjs.</summary>
internal sealed class RoleOptions(IReadOnlyDictionary<string, string> values)
{
    /// <summary>The store, as <see cref="StoreChoice"/> names it.</summary>
    public string Store => values.GetValueOrDefault("--store", "");

    /// <summary>Where the store is: an address, a connection string, a file.</summary>
    public string At => values.GetValueOrDefault("--at", "");

    /// <summary>What a commit of SQLite waits for.</summary>
    public string Synchronous => values.GetValueOrDefault("--synchronous", "full");

    /// <summary>Jobs that are measured.</summary>
    public int Jobs => Number("--jobs");

    /// <summary>Jobs that come before, and are not.</summary>
    public int Warm => Number("--warm");

    /// <summary>Jobs at the steady pace that come before those that are measured.</summary>
    public int Lead => Number("--lead");

    /// <summary>Jobs that a worker runs at once.</summary>
    public int Concurrency => Number("--concurrency");

    /// <summary>Enqueues in flight; 1,000 stands for one call of as many jobs.</summary>
    public int AtOnce => Number("--at-once");

    /// <summary>Jobs sent a second.</summary>
    public int PerSecond => Number("--per-second");

    /// <summary>How long to measure.</summary>
    public double Seconds => double.Parse(values.GetValueOrDefault("--seconds", "0"), CultureInfo.InvariantCulture);

    public static RoleOptions Parse(string[] arguments)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < arguments.Length; i += 2)
        {
            values[arguments[i]] = arguments[i + 1];
        }

        return new RoleOptions(values);
    }

    private int Number(string name) => int.Parse(values.GetValueOrDefault(name, "0"), CultureInfo.InvariantCulture);
}
