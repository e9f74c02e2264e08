/** Registers the service worker, and offers a new version when one has been fetched. */
export async function keepOffline(script: string, button: HTMLButtonElement): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.register(script);
  const offer = (): void => {
    // Without a controller this is the first visit: what is shown is new already.
    button.hidden = !(registration.waiting && serviceWorker.controller);
  };
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
  button.addEventListener('click', () => {
    serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    registration.waiting?.postMessage('take over');
  });
}
