using System.Text;

namespace Millrace.Redis;

/// <summary>A field of a hash or of a stream's entry, as a server sent it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value.</param>
public readonly record struct RedisField(byte[] Name, byte[] Value)
{
    /// <summary>The name as text: bytes that are no UTF-8 show as replacement characters.</summary>
    public string NameText => Encoding.UTF8.GetString(Name);

    /// <summary>The value as text: bytes that are no UTF-8 show as replacement characters.</summary>
    public string ValueText => Encoding.UTF8.GetString(Value);
}
