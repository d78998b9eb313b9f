/** Where a model may come from beside this site: huggingface.co, and the hosts that it forwards a download to. */
export const MODEL_HOSTS = ["https://huggingface.co", "https://*.hf.co"];
