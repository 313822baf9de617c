namespace Millrace.Jobs;

/// <summary>Turns what jobs carry into what is stored, and back: for encryption or compression. Registered by <see cref="JobsBuilder.UsePayloadCodec{TCodec}"/>; at most one.</summary>
/// <remarks>What is stored must be UTF-8 JSON too, of any shape. Called once per enqueue and attempt, from many threads at once.</remarks>
public interface IJobPayloadCodec
{
    /// <summary>What is stored. It counts against <see cref="JobsOptions.MaximumPayloadBytes"/>.</summary>
    /// <param name="purpose">What it belongs to, for codecs that bind it: <c>job:</c> and the job's name, or <c>result</c>.</param>
    /// <param name="json">The payload or result as UTF-8 JSON.</param>
    ReadOnlyMemory<byte> Encode(string purpose, ReadOnlyMemory<byte> json);

    /// <summary>What was encoded. Jobs that were stored before the codec was used come too.</summary>
    /// <param name="purpose">As for <see cref="Encode"/>.</param>
    /// <param name="stored">What is stored, from whomever.</param>
    /// <exception cref="InvalidDataException">It cannot be decoded, and never will: the job is dead with the message, which must not hold secrets. Anything else that is thrown fails the attempt.</exception>
    ReadOnlyMemory<byte> Decode(string purpose, ReadOnlyMemory<byte> stored);
}
