namespace Township.Platform.Web;

/// <summary>A message for the next page, shown once: <c>TempData[Flash.Key] = "Saved.";</c></summary>
internal static class Flash
{
    public const string Key = "flash";
}
