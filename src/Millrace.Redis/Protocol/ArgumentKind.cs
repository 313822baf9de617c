namespace Millrace.Redis.Protocol;

/// <summary>How an argument is written.</summary>
[Flags]
internal enum ArgumentKind : byte
{
    Bytes = 0,
    Text = 1,
    Integer = 2,
    Double = 4,
    Key = 128,
}
