namespace Millrace.Redis.Commands;

/// <summary>Why a command is not for every connection.</summary>
/// <param name="Remedy">What to do instead, a sentence.</param>
/// <param name="Everywhere">Whether no connection may get it.</param>
/// <param name="InTransactions">Whether it is refused between MULTI and EXEC.</param>
/// <param name="KeepsState">Whether a connection is another one after it.</param>
internal sealed record CommandRule(string Remedy, bool Everywhere = false, bool InTransactions = true, bool KeepsState = true);
