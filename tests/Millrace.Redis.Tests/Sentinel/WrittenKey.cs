using System.Globalization;

namespace Millrace.Redis.Tests.Sentinel;

/// <summary>A key under load with what its one writer knows of it: values are numbered and carry the key.</summary>
internal sealed class WrittenKey(string key)
{
    private readonly List<int> _acknowledged = []; // ascending
    private int _sent;

    public string Key => key;

    /// <summary>The next value.</summary>
    public string Next() => string.Create(CultureInfo.InvariantCulture, $"{key}={++_sent}={new string('.', 64)}");

    /// <summary>The last value that was made is known to be written.</summary>
    public void Acknowledge() => _acknowledged.Add(_sent);

    /// <summary>Looks at what a server holds.</summary>
    /// <param name="value">The value; null: none.</param>
    /// <param name="missing">How many acknowledged values are newer than it; they are forgotten.</param>
    /// <returns>Whether it is a value that was sent to this key.</returns>
    public bool Check(string? value, out int missing)
    {
        var number = 0;
        var parts = value?.Split('=') ?? [];
        var isOwn = value is null || (parts is [var name, var text, _] && name == key && int.TryParse(text, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= _sent);
        missing = isOwn ? _acknowledged.RemoveAll(acknowledged => acknowledged > number) : 0;
        return isOwn;
    }
}
