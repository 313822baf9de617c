namespace Millrace.Jobs.CrashLab;

/// <summary>A job that a crash may interrupt.</summary>
/// <param name="Number">Says how it ends: every seventh fails at its first attempt, every thirteenth for good.</param>
/// <param name="Milliseconds">How long it takes.</param>
/// <param name="Poison">It kills its process.</param>
internal sealed record CrashJob(int Number, int Milliseconds = 0, bool Poison = false);
