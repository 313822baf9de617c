using System.Text;

namespace Millrace.Redis;

/// <summary>A value that was taken out of one of several lists.</summary>
/// <param name="Key">The list.</param>
/// <param name="Value">The value.</param>
public readonly record struct RedisPopped(RedisKey Key, byte[] Value)
{
    /// <summary>The value as text: bytes that are no UTF-8 show as replacement characters.</summary>
    public string ValueText => Encoding.UTF8.GetString(Value);
}
