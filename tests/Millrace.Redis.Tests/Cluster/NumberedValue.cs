using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Millrace.Redis.Tests.Cluster;

/// <summary>A key of a test under load with what is known of it: its values are numbered and carry the key. One writer at a time.</summary>
internal sealed class NumberedValue(string key, int slot)
{
    private readonly List<int> _acknowledged = []; // ascending

    public string Key => key;

    public int Slot => slot;

    /// <summary>The last number that was sent.</summary>
    public int Sent { get; private set; }

    /// <summary>The last number that was acknowledged; 0: none.</summary>
    public int Acknowledged => _acknowledged is [.., var last] ? last : 0;

    /// <summary>The next value.</summary>
    public string Next() => string.Create(CultureInfo.InvariantCulture, $"{Key}:{++Sent}:some words that make it no shorter than values are");

    public void Acknowledge() => _acknowledged.Add(Sent);

    /// <summary>Compares what a server holds with what was acknowledged.</summary>
    /// <param name="value">What it holds; null: nothing.</param>
    /// <param name="number">The number in it; 0 for nothing.</param>
    /// <returns>Null, or what is wrong: the value is another key's, or one that was never sent.</returns>
    public string? Read(byte[]? value, out int number)
    {
        number = 0;
        if (value is null)
        {
            return null;
        }

        var start = Encoding.UTF8.GetBytes(key + ":");
        return value.AsSpan().StartsWith(start) && Utf8Parser.TryParse(value.AsSpan(start.Length), out number, out _) && number >= 1 && number <= Sent
            ? null
            : $"{key} (sent {Sent}) holds {Encoding.UTF8.GetString(value)}";
    }

    /// <summary>Forgets acknowledgements that a lost server took with it.</summary>
    /// <returns>How many there were.</returns>
    public int ForgetAfter(int number) => _acknowledged.RemoveAll(acknowledged => acknowledged > number);
}
