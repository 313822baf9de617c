using System.Buffers;

namespace Millrace.Redis.Connection;

/// <summary>
/// Arrays that commands are encoded into. Those of up to a megabyte are pooled; larger ones are not, because the shared pool would keep some for
/// each thread that gave one back.
/// </summary>
internal static class CommandBytes
{
    private const int MaximumPooled = 1024 * 1024;

    public static byte[] Rent(int length) => length <= MaximumPooled ? ArrayPool<byte>.Shared.Rent(length) : GC.AllocateUninitializedArray<byte>(length);

    public static void Return(byte[] bytes)
    {
        if (bytes.Length <= MaximumPooled)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
