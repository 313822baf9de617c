namespace Township.Platform;

/// <summary>Township cannot work with what it was started with. The message says what, and what to do.</summary>
internal sealed class UnusableSettingException(string message, Exception? cause = null) : Exception(message, cause);
